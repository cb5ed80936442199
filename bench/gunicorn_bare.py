"""The yardstick's server: the same kind, workers and threads as the portal's own."""

worker_class = "gthread"
workers = 2
threads = 8
keepalive = 75
loglevel = "warning"
