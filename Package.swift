// swift-tools-version:6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// Fuzzing builds instrument every module, and have one more program (Tests/Fuzz/run.sh).
let isFuzzing = Context.environment["SLUICE_FUZZ"] == "1"
let instrumentation: [SwiftSetting] = isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : []

// Every Swift target is built with the same strict settings: a warning is an error, unsafe code is marked, an
// import that a target's interface needs is visible as such.
let houseRules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
let strict = houseRules + instrumentation

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["SluiceTestSupport"], swiftSettings: strict)
}

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // System libraries: a module map and a header each.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        // Loaded when they are needed (libpq-dev, libcurl4-openssl-dev, libssh-dev).
        .target(name: "CLibpq", dependencies: ["CLinux"]),
        .target(name: "CCurl", dependencies: ["CLinux"]),
        .target(name: "CLibssh", dependencies: ["CLinux"]),
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),

        // Words and ground.
        library("SluiceBase", ["CLinux", "CCrypto"]),
        library("VolumeModel", ["SluiceBase"]),

        // Stores.
        library("ObjectStorage", ["SluiceBase"]),
        library("ObjectDrivers", ["ObjectStorage", "SluiceBase", "CCurl", "CLibssh", "CXML2"]),
        library("Metadata", ["SluiceBase", "VolumeModel"]),
        library("MetadataSQL", ["Metadata", "VolumeModel", "SluiceBase", "CSQLite", "CLibpq"]),
        library("MetadataRedis", ["Metadata", "VolumeModel", "SluiceBase", "CHiredis", "CSSL"]),
        library(
            "DatabaseObjects",
            ["MetadataSQL", "MetadataRedis", "Metadata", "ObjectStorage", "SluiceBase"]
        ),
        library("BlockStore", ["ObjectStorage", "VolumeModel", "SluiceBase", "CLZ4", "CZlib", "CZstd"]),

        // Deeds.
        library("VirtualFS", ["Metadata", "BlockStore", "ObjectStorage", "VolumeModel", "SluiceBase"]),
        library("Maintenance", ["Metadata", "BlockStore", "ObjectStorage", "VolumeModel", "SluiceBase"]),
        library("BucketSync", ["ObjectStorage", "SluiceBase"]),

        // Faces.
        library("TerminalUI", ["SluiceBase"]),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "BlockStore", "BucketSync", "DatabaseObjects", "Maintenance", "Metadata", "MetadataRedis",
                "MetadataSQL", "ObjectDrivers", "ObjectStorage", "SluiceBase",
                "TerminalUI", "VirtualFS", "VolumeModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // What the fuzzer and the tests of its corpus call.
        .target(
            name: "FuzzDecoders",
            dependencies: [
                "BlockStore", "BucketSync", "Maintenance", "Metadata", "MetadataRedis", "MetadataSQL",
                "ObjectDrivers",
                "ObjectStorage", "SluiceBase", "SluiceTestSupport", "VolumeModel",
            ],
            path: "Tests/Fuzz/Decoders",
            swiftSettings: strict
        ),

        // Tests. SluiceTestSupport holds the conformance suites and the builders that several test targets
        // share.
        .target(
            name: "SluiceTestSupport",
            dependencies: [
                "Metadata", "MetadataRedis", "MetadataSQL", "BlockStore", "ObjectStorage", "VolumeModel",
                "SluiceBase",
            ],
            path: "Tests/SluiceTestSupport",
            swiftSettings: strict
        ),
        tests("SluiceBaseTests", ["SluiceBase"]),
        tests("VolumeModelTests", ["VolumeModel", "SluiceBase"]),
        tests("ObjectStorageTests", ["ObjectStorage", "SluiceBase"]),
        tests("ObjectDriversTests", ["ObjectDrivers", "ObjectStorage", "SluiceBase"]),
        tests("DatabaseObjectsTests", ["DatabaseObjects", "ObjectStorage", "SluiceBase"]),
        tests("MetadataTests", ["Metadata", "MetadataSQL", "VolumeModel", "SluiceBase"]),
        tests("MetadataSQLTests", ["MetadataSQL", "Metadata", "VolumeModel", "SluiceBase"]),
        tests("MetadataRedisTests", ["MetadataRedis", "Metadata", "VolumeModel", "SluiceBase"]),
        tests("BlockStoreTests", ["BlockStore", "ObjectStorage", "VolumeModel", "SluiceBase"]),
        tests(
            "VirtualFSTests",
            ["VirtualFS", "Metadata", "BlockStore", "ObjectStorage", "VolumeModel", "SluiceBase"]
        ),
        tests(
            "MaintenanceTests",
            [
                "Maintenance", "Metadata", "MetadataSQL", "BlockStore", "ObjectStorage", "VolumeModel",
                "SluiceBase",
            ]
        ),
        tests("BucketSyncTests", ["BucketSync", "ObjectStorage", "SluiceBase"]),
        tests("TerminalUITests", ["TerminalUI", "SluiceBase"]),
        tests("CommandTests", ["SluiceBase"]),
        tests("FuzzTests", ["FuzzDecoders", "SluiceBase"]),
        tests(
            "InteropTests",
            ["BlockStore", "Metadata", "ObjectStorage", "VolumeModel", "SluiceBase"]
        ),
        tests("RepositoryTests", ["SluiceBase"]),
    ]
)

if isFuzzing {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/Driver"),
        .executableTarget(
            name: "sluice-fuzz",
            dependencies: ["CFuzzer", "FuzzDecoders"],
            path: "Tests/Fuzz/Program",
            swiftSettings: strict,
            // GNU gold, the default, fails on what the instrumentation adds.
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
        ),
    ]
}
