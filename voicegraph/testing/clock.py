"""Virtual time for tests: `run_virtual(main())`. What it is, and which programs it is for, says `voicegraph.clock`."""

from voicegraph.clock import Stuck as Stuck
from voicegraph.clock import VirtualTimeLoop as VirtualTimeLoop
from voicegraph.clock import run_virtual as run_virtual
