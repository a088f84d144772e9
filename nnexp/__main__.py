"""python -m nnexp"""

from nnexp.cli.app import main

main()
