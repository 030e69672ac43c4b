"""The routes, a file per group. They translate between HTTP and the service, and decide nothing."""
