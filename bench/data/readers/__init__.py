"""From the files of a dataset to a task: a module for each form.

In: a folder and the arguments of a name. Out: a :class:`bench.task.Task`. A card names its reader
as ``bench.data.readers.MODULE:FUNCTION``. They may import ``task``, ``arrays`` and ``system``.
"""
