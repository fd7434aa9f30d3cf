"""The program that `pulumi up` runs."""

import pulumi

from rotation import program

pulumi.run(program)
