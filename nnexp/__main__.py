"""python -m nnexp"""

from nnexp.cli import main

main()
