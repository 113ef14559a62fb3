"""Central logs: files on a host, Loki, Elasticsearch, OpenSearch and CloudWatch Logs, all telling the same facts."""
