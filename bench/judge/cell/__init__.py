"""One cell judged: figures from raw arrays, problems, the bottleneck."""
