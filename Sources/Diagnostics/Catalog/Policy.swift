/// Mistakes in what a mesh allows.
extension DiagnosticID {
    package static let policy: [DiagnosticID] = [
        .unknownService, .unsupportedPolicy, .emptySet, .unmatchedRule, .coveredRule, .expiredRule, .expiringRule,
        .unusedService, .unreachableService, .overlappingServices, .contradictoryExposure, .shadowedService,
        .publicWithoutAddress, .publicEverywhere, .idleException, .guardOff, .lockOut, .reservedName, .failingTest,
    ]

    package static let unknownService = DiagnosticID(
        "unknown-service",
        """
        A rule names a service that is neither declared under `services:` nor well known. `hauberk services` lists
        both.
        """)

    package static let unsupportedPolicy = DiagnosticID(
        "unsupported-policy",
        """
        A peer's firewall has no words for something that the policy asks of it. A rule that is written and not
        enforced is worse than none, so nothing is rendered. Give the peer another `firewall:`, or change the policy.
        """)
}
