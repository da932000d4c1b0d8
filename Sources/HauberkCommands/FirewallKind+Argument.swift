import ArgumentParser
import MeshModel

/// `--firewall` takes the dialects by their names in `mesh.yaml`.
extension FirewallKind: ExpressibleByArgument {}
