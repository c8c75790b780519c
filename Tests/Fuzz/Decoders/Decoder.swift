// SPDX-License-Identifier: Apache-2.0
// Every decoder of foreign bytes as a function of one input. Whatever the bytes are, a decoder answers with a
// value or with its typed error, and keeps the promises that are checked beside it. The fuzzer makes inputs
// up; the tests run the committed ones (Tests/Fuzz/Corpus, a folder for each decoder).

/// What a decoder said of an input that cannot be true.
package struct BrokenPromise: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// One decoder, or a few that read the same kind of bytes.
package struct Decoder: Sendable, CustomStringConvertible {
    /// The argument of `sluice-fuzz` and the folder of the corpus.
    package let name: String
    /// Bytes; longer inputs find nothing new.
    package let maximumLength: Int
    /// Decodes the input; traps and hangs are what the fuzzer looks for.
    package let check: @Sendable ([UInt8]) throws(BrokenPromise) -> Void

    package var description: String { name }

    package init(
        _ name: String,
        maximumLength: Int,
        check: @escaping @Sendable ([UInt8]) throws(BrokenPromise) -> Void,
    ) {
        self.name = name
        self.maximumLength = maximumLength
        self.check = check
    }

    /// All of them.
    package static let all: [Decoder] = [
        Decoder("settings", maximumLength: 8192, check: checkSettings),
        Decoder("json", maximumLength: 4096, check: checkJSON),
        Decoder("attributes", maximumLength: 128, check: checkAttributes),
        Decoder("slices", maximumLength: 24 * 40, check: checkSlices),
        Decoder("acl", maximumLength: 1024, check: checkACL),
        Decoder("records", maximumLength: 1024, check: checkRecords),
        Decoder("names", maximumLength: 300, check: checkNames),
        Decoder("envelope", maximumLength: 2048, check: checkEnvelope),
        Decoder("blocks", maximumLength: 4096, check: checkBlocks),
        Decoder("addresses", maximumLength: 512, check: checkAddresses),
        Decoder("redis-addresses", maximumLength: 512, check: checkRedisAddresses),
        Decoder("redis-replies", maximumLength: 1024, check: checkReplies),
        Decoder("redis-records", maximumLength: 128, check: checkRedisRecords),
        Decoder("plan", maximumLength: 1024, check: checkPlan),
        Decoder("filters", maximumLength: 256, check: checkFilters),
        Decoder("binary-dump", maximumLength: 4096, check: checkBinaryDump),
        Decoder("json-dump", maximumLength: 8192, check: checkJSONDump),
        Decoder("compressed-file", maximumLength: 2048, check: checkCompressedFile),
        Decoder("units", maximumLength: 128, check: checkUnits),
        Decoder("stores", maximumLength: 4096, check: checkStoreAnswers),
        Decoder("headers", maximumLength: 1024, check: checkHeaders),
        Decoder("buckets", maximumLength: 512, check: checkStoreAddresses),
    ]
}

/// The decoded value, nil when the decoder refused.
///
/// An error that cannot be shown would trap here.
func accepted<Value, Refusal: Error>(_ decode: () throws(Refusal) -> Value) -> Value? {
    do throws(Refusal) {
        return try decode()
    } catch {
        _ = "\(error)"
        return nil
    }
}

func promise(_ holds: Bool, _ sentence: @autoclosure () -> String) throws(BrokenPromise) {
    guard holds else { throw BrokenPromise(description: sentence()) }
}

/// The value that must come out where our own encoder made the bytes.
func certain<Value, Refusal: Error>(
    _ subject: String,
    _ decode: () throws(Refusal) -> Value,
) throws(BrokenPromise) -> Value {
    do throws(Refusal) {
        return try decode()
    } catch {
        throw BrokenPromise(description: "\(subject), written by ourselves, is refused: \(error)")
    }
}
