# How `_startable.py` calls others when it is compiled.
from actors._behaviour cimport start
