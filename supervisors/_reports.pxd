# How `_reports.py` is called when it is compiled.

cpdef child_started(object supervisor, object spec, object pid)

cpdef child_failed(object supervisor, object context, object reason, object spec, object pid)
