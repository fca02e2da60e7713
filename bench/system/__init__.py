"""This machine: files, paths, records as JSON, device, memory, versions, terminal, cluster.

In: paths, texts and environment variables. Out: facts about this machine, files that are whole or
not there, and lines on the terminal. It may import ``errors``.
"""
