import Glibc
import Lab

// The lab's agent as a program of its own, for the tests: they have no hauberk to start again.
exit(await LabAgent.run(Array(CommandLine.arguments.dropFirst())))
