"""Both services against one body of expectations, through real servers on sockets."""
