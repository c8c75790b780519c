// SPDX-License-Identifier: Apache-2.0
// JSON dumps: whatever the text is, it becomes a volume that can be dumped again, or nothing is left of it.

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import VolumeModel

/// A dump that is written into memory.
private final class DumpToMemory: DumpOutput {
    private(set) var bytes: [UInt8] = []

    func write(_ run: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: run)
    }
}

/// Loads, dumps what came of it, and loads that: from then on nothing may change.
@Sendable func checkJSONDump(_ input: [UInt8]) throws(BrokenPromise) {
    guard let first = try loaded(input, pieceBytes: .max) else {
        // Where a piece ends must not make a document good.
        let inPieces = try loaded(input, pieceBytes: 3)
        return try promise(inPieces == nil, "the size of the pieces makes a dump good")
    }
    let again = try loaded(input, pieceBytes: 3)
    try promise(again?.current.nodes == first.current.nodes, "the size of the pieces changes what is loaded")
    // A node that nothing can be, or a tree in circles, is told of; else the dump is whole.
    guard let dump = accepted({ try dumped(first) }) else { return }
    guard let second = try loaded(dump, pieceBytes: .max) else {
        throw BrokenPromise(description: "a dump of our own is not loaded")
    }
    let next = try certain("a volume that was loaded") { try dumped(second) }
    try promise(next == dump, "a dump changes when it is loaded and dumped again")
}

/// What a dump made, nil when it was refused; then the database must be empty.
private func loaded(_ input: [UInt8], pieceBytes: Int) throws(BrokenPromise) -> MemoryEngine? {
    let engine = MemoryEngine()
    let source = DumpInMemory(input, pieceBytes: pieceBytes)
    let summary = accepted { try loadJSON(from: source, into: engine) }
    guard summary != nil else {
        let left = engine.current
        let isEmpty = left.setting == nil && left.nodes.isEmpty && left.entries.isEmpty && left.chunks.isEmpty
        try promise(isEmpty, "a refused dump leaves records")
        return nil
    }
    return engine
}

private func dumped(_ engine: MemoryEngine) throws -> [UInt8] {
    let output = DumpToMemory()
    let settings = try VolumeSettings(decoding: engine.current.setting ?? [])
    var options = DumpOptions()
    options.keepsSecrets = true
    _ = try engine.snapshot { scanner in
        try dumpJSON(scanner: scanner, settings: settings, options: options, to: output)
    }
    return output.bytes
}
