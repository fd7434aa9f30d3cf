"""Runs the program from Python, with Pulumi's Automation API: python rotate.py STACK TRIGGER"""

import sys

from pulumi import automation

from rotation import program

_, stack_name, trigger = sys.argv
# the folder's Pulumi.yaml names the plugin, and the stack's file the databases
options = automation.LocalWorkspaceOptions(work_dir=".")
stack = automation.create_or_select_stack(stack_name, project_name="python", program=program, opts=options)
stack.set_config("trigger", automation.ConfigValue(trigger))
try:
    stack.up(on_output=print)
except automation.CommandError:
    sys.exit(1)  # the output says what failed; everything else is delivered
