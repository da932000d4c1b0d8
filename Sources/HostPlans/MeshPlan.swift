package import MeshModel

/// The plan of a whole mesh, one class of hosts at a time, so that its size does not grow with the square of the mesh.
package struct MeshPlan: Sendable {
    package let mesh: Mesh
    package let firewalls: HostFirewalls

    /// Nil stands for the firewalls that the mesh file names, on hosts that no other mesh is on.
    package init(_ mesh: Mesh, firewalls: HostFirewalls? = nil) {
        self.mesh = mesh
        self.firewalls = firewalls ?? HostFirewalls(mesh)
    }

    /// The number of classes of hosts that see the mesh alike.
    package var classCount: Int { mesh.topology.classes.count }

    package func view(_ number: Int) -> ClassView { ClassView(number, in: mesh) }

    /// One host's plan, within the view of its class.
    package func host(_ host: Int, in view: ClassView) -> HostPlan { HostPlan(host, view: view, in: self) }

    /// One host's plan alone, at the cost of its class's view.
    package func host(_ host: Int) -> HostPlan {
        HostPlan(host, view: view(mesh.topology.classOfPeer[host]), in: self)
    }
}
