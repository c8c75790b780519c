// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BucketSync
import Maintenance
import ObjectStorage
import SluiceBase

struct Objbench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "objbench",
        abstract: "Check what an object storage can do, and how fast it is.",
        discussion:
            "Works on objects of its own below ENDPOINT and removes them. What comes back is compared with "
            + "what was stored.\n\n" + ExitStatus.help
    )

    @Argument(
        help: ArgumentHelp(
            "An address as sync takes it, or with --storage a bucket as format takes it.",
            valueName: "ENDPOINT"
        )
    )
    var endpoint: String

    @Option(help: ArgumentHelp("Do the same with another storage, side by side.", valueName: "ENDPOINT"))
    var compare: String?

    @Option(
        help: "Driver of ENDPOINT: \(Wiring.storageNames.joined(separator: ", ")) (default by the address)."
    )
    var storage: String?

    @Option(help: "Access key for --storage; without one that of ACCESS_KEY.")
    var accessKey: String?

    @Option(help: "Secret key for --storage; without one that of SECRET_KEY.")
    var secretKey: String?

    @Option(help: "Session token for --storage.")
    var sessionToken: String?

    @Option(help: "Buckets behind --storage; the address names them with %d.")
    var shards = 0

    @Option(name: [.customLong("storage-class"), .customLong("sc")], help: "Storage class of the objects.")
    var storageClass: String?

    @Option(help: "Bytes of the objects that stand for blocks of big files, in KiB unless a unit is given.")
    var blockSize = "4M"

    @Option(help: "Bytes of all of them, in MiB unless a unit is given.")
    var bigObjectSize = "1G"

    @Option(help: "Bytes of a small object, in KiB unless a unit is given.")
    var smallObjectSize = "128K"

    @Option(help: "Number of small objects.")
    var smallObjects = 100

    @Flag(help: "Measure only.")
    var skipFunctionalTests = false

    @Option(name: [.customShort("p"), .customLong("threads")], help: "Operations at a time.")
    var threads = 4

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    /// What is in memory for each thread is an object.
    private static let largestObject: UInt64 = 1 << 30

    func validate() throws {
        guard (1...1024).contains(threads) else { throw ValidationError("--threads must be 1 to 1024") }
        guard (1...10_000_000).contains(smallObjects) else {
            throw ValidationError("--small-objects must be 1 to 10000000")
        }
        guard (0...1000).contains(shards) else { throw ValidationError("--shards must be 0 to 1000") }
        _ = try options(Cancellation())
        if let storage, !Wiring.storageNames.contains(storage) {
            let known = Wiring.storageNames.joined(separator: ", ")
            throw ValidationError("there is no object storage '\(storage)' in this version; known: \(known)")
        }
    }

    func run() throws {
        let cancellation = Interruption.watch()
        var benches = [try TestedStorage(opening: place())]
        defer { for bench in benches { bench.leave() } }
        if let compare {
            benches.append(try TestedStorage(opening: .address(try SyncAddress(compare))))
        }
        var reports = benches.map { StorageTestReport(address: $0.address) }
        if !skipFunctionalTests { try check(benches, &reports, cancellation) }
        if reports.allSatisfy(\.canBeMeasured) { try measure(benches, &reports, cancellation) }
        show(reports)
        let failures = reports.map(\.failures).reduce(0, +)
        guard failures == 0 else { throw Failure("\(failures) checks failed", status: .failed) }
    }

    private func check(
        _ benches: [TestedStorage],
        _ reports: inout [StorageTestReport],
        _ cancellation: Cancellation,
    ) throws {
        for (index, bench) in benches.enumerated() {
            let checker = StorageChecker(bench.store, storageClass: storageClass)
            for check in StorageCheck.allCases {
                try cancellation.throwIfCancelled()
                common.explain("\(bench.address): \(check.rawValue)")
                reports[index].checks.append((check, checker.outcome(of: check)))
            }
        }
    }

    private func measure(
        _ benches: [TestedStorage],
        _ reports: inout [StorageTestReport],
        _ cancellation: Cancellation,
    ) throws {
        let options = try options(cancellation)
        let tests = benches.map { StorageTest($0.store, options) }
        // Both in turn, so that neither has the quieter hour.
        for kind in StorageTestPhase.Kind.allCases {
            for index in tests.indices {
                common.explain("\(benches[index].address): \(kind.rawValue)")
                reports[index].phases.append(try tests[index].run(kind))
            }
        }
    }

    private func show(_ reports: [StorageTestReport]) {
        if output.json {
            for line in reports.flatMap(\.json) { Console.out(line.compact) }
            return
        }
        for (name, report) in zip(["A", "B"], reports) where reports.count > 1 {
            Console.out("\(name): \(report.address)")
        }
        if reports.count > 1 { Console.out("") }
        if !skipFunctionalTests {
            for line in StorageTestReport.checkTable(of: reports) { Console.out(line) }
        }
        guard !reports[0].phases.isEmpty else { return }
        if !skipFunctionalTests { Console.out("") }
        for line in StorageTestReport.phaseTable(of: reports) { Console.out(line) }
    }

    private func options(_ cancellation: Cancellation) throws -> StorageTestOptions {
        var options = StorageTestOptions()
        options.blockSize = try size(blockSize, .kibi, "--block-size", 1...Self.largestObject)
        options.smallSize = try size(smallObjectSize, .kibi, "--small-object-size", 0...Self.largestObject)
        options.bigSize = UInt64(try size(bigObjectSize, .mebi, "--big-object-size", 1...(1 << 50)))
        options.smallCount = smallObjects
        options.threads = threads
        options.storageClass = storageClass
        options.cancellation = cancellation
        return options
    }

    private func size(
        _ text: String,
        _ unit: ByteUnit,
        _ option: String,
        _ range: ClosedRange<UInt64>
    ) throws -> Int {
        let bytes = try parseBytes(text, defaultUnit: unit)
        guard range.contains(bytes) else {
            let bounds = "\(formatBytes(range.lowerBound)) to \(formatBytes(range.upperBound))"
            throw ValidationError("\(option) must be \(bounds)")
        }
        return Int(bytes)
    }

    private func place() throws -> TestedStorage.Place {
        guard let storage else { return .address(try SyncAddress(endpoint)) }
        let request = StorageRequest(
            storage: storage,
            bucket: try BucketPath.normalized(endpoint, storage: storage),
            accessKey: accessKey ?? Posix.environment("ACCESS_KEY") ?? "",
            secretKey: secretKey ?? Posix.environment("SECRET_KEY") ?? "",
            sessionToken: sessionToken ?? "",
            environment: { Posix.environment($0) }
        )
        return .driver(request, shards: shards)
    }
}

/// A storage under test: a folder of its own in it.
private struct TestedStorage {
    enum Place {
        case address(SyncAddress)
        case driver(StorageRequest, shards: Int)
    }

    /// Where every key is free.
    let store: any ObjectStore
    /// The bucket, which is made when it is not there.
    private let base: any ObjectStore
    private let folder: ObjectKey
    private let endpoint: SyncEndpoint?

    init(opening place: Place) throws {
        let name = ObjectKey("sluice-objbench-\(Hex.encode(randomBytes(8)))/")
        switch place {
        case .address(let address):
            // Interrupted, it still has to remove what is there.
            let endpoint = try SyncEndpoint(address, isWritten: true, isMade: true, Cancellation())
            self.endpoint = endpoint
            base = endpoint.side.store
            folder = endpoint.side.prefix + name
        case .driver(let request, let shards):
            endpoint = nil
            base = RetryingStore(try openStore(request, shards: shards, drivers: Wiring.storageDrivers))
            folder = name
        }
        store = PrefixStore(base, prefix: folder)
        do throws(StorageError) {
            try base.create()
        } catch {
            close()
            throw error
        }
    }

    var address: String { base.address }

    /// Removes what the test left, as far as it can.
    func leave() {
        do throws(StorageError) {
            try removeAll(of: store)
            try base.delete(folder)
        } catch {
            Console.note("warning: objects below \(store.address) are left: \(error)")
        }
        close()
    }

    private func close() {
        do { try endpoint?.close() } catch { Console.note("warning: \(error)") }
    }
}
