// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

/// For what goes through millions of packets in a run of the tests.
let quick: [SwiftSetting] = house + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "hauberk",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CSodium"),
        .systemLibrary(name: "CYAML"),
        .systemLibrary(name: "CLinux"),
        .target(name: "Addresses", swiftSettings: quick),
        module("Diagnostics"),
        module("Keys", ["Diagnostics", "CSodium"]),
        module("MeshFiles", ["Addresses", "Diagnostics", "CYAML"]),
        module("Ledger", ["Keys", "MeshFiles", "Diagnostics"]),
        module("MeshModel", ["MeshFiles", "Addresses", "Diagnostics"]),
        .target(
            name: "HostPlans", dependencies: ["MeshModel", "MeshFiles", "Addresses", "Diagnostics"],
            swiftSettings: quick),
        module("Sockets", ["MeshModel", "Addresses", "Diagnostics"]),
        .target(
            name: "Delivery", dependencies: ["HostPlans", "Addresses", "Diagnostics"], exclude: ["Script"],
            swiftSettings: house,
            plugins: ["EmbedTemplates"]),
        .executableTarget(name: "embed-templates", swiftSettings: house),
        .plugin(
            name: "EmbedTemplates", capability: .buildTool(), dependencies: ["embed-templates"],
            path: "Sources/Plugins/EmbedTemplates"),
        .target(
            name: "Rendering", dependencies: ["HostPlans", "MeshModel", "Addresses", "Diagnostics"],
            swiftSettings: house, plugins: ["EmbedTemplates"]),
        .target(name: "CGuard"),
        module(
            "SystemAccess",
            [
                "Delivery", "Keys", "Diagnostics", "CLinux", "CGuard",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "CNamespaces"),
        module(
            "Lab",
            [
                "SystemAccess", "Diagnostics", "CNamespaces",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(name: "lab-agent", dependencies: ["Lab"], swiftSettings: house),
        module(
            "HauberkCommands",
            [
                "Lab", "SystemAccess", "Delivery", "Rendering", "HostPlans", "Sockets", "Ledger", "MeshModel",
                "MeshFiles",
                "Keys", "Addresses", "Diagnostics", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "write-manual", swiftSettings: house),
        .executableTarget(name: "hauberk", dependencies: ["HauberkCommands"], swiftSettings: house),
        .target(
            name: "TestSupport", dependencies: ["SystemAccess"], path: "Tests/Support", swiftSettings: house),
        .target(
            name: "MeshFixtures",
            dependencies: ["Rendering", "HostPlans", "MeshModel", "MeshFiles", "Addresses", "Diagnostics"],
            path: "Tests/MeshFixtures", swiftSettings: house),
        .executableTarget(
            name: "packet-bench", dependencies: ["CNamespaces"], path: "Tests/PacketBench",
            swiftSettings: quick),
        .executableTarget(
            name: "rotation-load", dependencies: ["CNamespaces"], path: "Tests/RotationLoad",
            swiftSettings: quick),
        tests("AddressesTests", ["Addresses"]),
        tests("DiagnosticsTests", ["Diagnostics"]),
        tests("KeysTests", ["Keys", "Diagnostics", "CSodium"]),
        tests("LedgerTests", ["TestSupport", "Ledger", "Keys", "MeshFiles", "Diagnostics"]),
        tests("MeshModelTests", ["MeshFixtures", "MeshModel", "MeshFiles", "Addresses", "Diagnostics"]),
        tests(
            "HostPlansTests",
            ["MeshFixtures", "HostPlans", "MeshModel", "MeshFiles", "Addresses", "Diagnostics"]),
        .testTarget(
            name: "RenderingTests",
            dependencies: [
                "MeshFixtures", "Rendering", "HostPlans", "MeshModel", "MeshFiles", "Addresses", "Diagnostics",
            ],
            exclude: ["Goldens", "FirewallGoldens"], swiftSettings: house),
        .testTarget(
            name: "HauberkCommandsTests",
            dependencies: [
                "TestSupport", "HauberkCommands", "hauberk", "SystemAccess", "Rendering", "HostPlans", "Sockets",
                "Ledger", "MeshModel", "MeshFiles", "Keys", "Addresses", "Diagnostics",
            ], exclude: ["Fixtures"], swiftSettings: house),
        .testTarget(
            name: "FirewallTests",
            dependencies: [
                "TestSupport", "MeshFixtures", "packet-bench", "Rendering", "HostPlans", "MeshModel", "MeshFiles",
                "Addresses", "Diagnostics",
            ], exclude: ["Goldens"], swiftSettings: quick),
        tests("SocketsTests", ["MeshFixtures", "Sockets", "MeshModel", "MeshFiles", "Addresses", "Diagnostics"]),
        tests("DeliveryTests", ["TestSupport", "MeshFixtures", "Delivery", "HostPlans", "Addresses", "Diagnostics"]),
        .testTarget(
            name: "DaemonTests", dependencies: ["TestSupport", "hauberk", "rotation-load"],
            exclude: ["Scripts", "Recorded"],
            swiftSettings: house),
        tests("HouseTests", ["hauberk", "write-manual"]),
        tests("MeshFilesTests", ["MeshFiles", "Addresses", "Diagnostics"]),
        tests(
            "SystemAccessTests", ["TestSupport", "MeshFixtures", "SystemAccess", "Delivery", "Diagnostics", "CLinux"]),
        tests(
            "LabTests",
            [
                "Lab", "lab-agent", "SystemAccess", "Diagnostics",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
    ]
)
