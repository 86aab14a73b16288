"""Other clients of the upstream than `flask_app.upstream`. UPSTREAM_CLIENT names one."""
