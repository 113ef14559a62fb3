"""What Prometheus knows, of itself, of hosts, of services and of releases."""
