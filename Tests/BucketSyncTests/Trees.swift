// SPDX-License-Identifier: Apache-2.0
// Builders that the suites of this target share.

import BucketSync
import ObjectStorage
import SluiceBase
import Synchronization
import Testing

/// Runs `body` with two fresh folders, removed afterwards.
func withFolders(_ body: (_ from: FileStore, _ to: FileStore, _ path: ByteString) throws -> Void) throws {
    let path = try Posix.makeTemporaryDirectory(prefix: "sluice-sync-")
    defer {
        #expect(throws: Never.self) { try Posix.removeTree(path) }
    }
    try Posix.makeDirectory(path + "/from")
    try Posix.makeDirectory(path + "/to")
    try body(FileStore(root: path + "/from/"), FileStore(root: path + "/to/"), path)
}

private let storeNumber = Atomic(0)

/// An empty store with an address of its own: sides of equal addresses overlap.
func freshStore() -> MemoryStore {
    MemoryStore(name: "\(storeNumber.add(1, ordering: .relaxed).newValue)")
}

/// One run, to its end.
@discardableResult
func sync(
    _ source: any ObjectStore,
    _ destination: any ObjectStore,
    _ options: SyncOptions = SyncOptions(),
    cancellation: Cancellation = Cancellation(),
    events: (@Sendable (SyncEvent) -> Void)? = nil,
) throws -> SyncReport {
    let run = try SyncRun(
        from: SyncSide(source),
        to: SyncSide(destination),
        options,
        cancellation: cancellation,
        events: events
    )
    return try run.run()
}

/// Options made in place.
func options(_ change: (inout SyncOptions) -> Void) -> SyncOptions {
    var options = SyncOptions()
    options.threads = 3
    change(&options)
    return options
}

/// All keys of a store with their bytes.
func contents(of store: any ObjectStore) throws -> [ObjectKey: [UInt8]] {
    var found: [ObjectKey: [UInt8]] = [:]
    let listing = try store.list(ListRequest())
    while case let batch = try listing.next(), !batch.isEmpty {
        for object in batch where object.kind == .object {
            found[object.key] = try store.bytes(of: object.key)
        }
    }
    return found
}

/// Everything that a file system keeps, as text that can be compared.
func picture(of store: FileStore) throws -> [String] {
    var lines: [String] = []
    var groups: [LinkIdentity: Int] = [:]
    let listing = try store.list(ListRequest(followsLinks: false, includesDirectories: true))
    while case let batch = try listing.next(), !batch.isEmpty {
        for object in batch {
            var line =
                "\(object.key) \(object.kind) \(object.size)"
                + " \(object.modified.seconds).\(object.modified.nanoseconds)"
            if let file = object.file {
                if object.kind != .symlink { line += " \(String(file.mode, radix: 8))" }
                line += " \(file.uid):\(file.gid)"
                if let target = file.target { line += " -> \(target)" }
                if let identity = file.linkIdentity {
                    let group = groups[identity] ?? groups.count
                    groups[identity] = group
                    line += " link \(group)"
                }
            }
            if object.kind == .object { line += " \(Crc32c.checksum(try store.bytes(of: object.key)))" }
            for attribute in object.kind == .symlink ? [] : try store.extendedAttributes(object.key) {
                line += " \(attribute.name)=\(attribute.value)"
            }
            lines.append(line)
        }
    }
    return lines
}

/// Events in the order in which they came.
final class EventLog: Sendable {
    private let events = Mutex<[SyncEvent]>([])

    var all: [SyncEvent] { events.withLock { $0 } }

    var planned: [SyncStep] {
        all.compactMap { event in
            if case .planned(let step) = event { step } else { nil }
        }
    }

    func note(_ event: SyncEvent) {
        events.withLock { $0.append(event) }
    }
}
