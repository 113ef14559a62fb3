"""What stands in front of the application: load balancers, request filters, rate limits."""
