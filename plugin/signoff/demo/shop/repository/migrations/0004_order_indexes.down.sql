DROP INDEX order_lines_product;
DROP INDEX orders_customer_newest;
