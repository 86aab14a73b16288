"""Other clients of the upstream than `fastapi_app.upstream`. UPSTREAM_CLIENT names one."""
