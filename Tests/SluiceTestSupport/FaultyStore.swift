// SPDX-License-Identifier: Apache-2.0
// A store that fails by plan, for tests of whatever lies above it.

package import ObjectStorage
import SluiceBase
import Synchronization

/// What goes wrong, and at which call.
package struct Fault: Sendable {
    package enum Operation: Sendable, Hashable {
        case create
        case head
        case read
        case put
        case delete
        case copy
        case list
        /// One batch of any listing.
        case page
    }

    package enum Effect: Sendable {
        /// Throws before anything happens.
        case fail(StorageError)
        /// Does what was asked, then throws: the answer got lost.
        case loseAnswer(StorageError)
        /// Delivers that many bytes, then throws.
        case breakOff(after: Int, StorageError)
        /// Delivers that many bytes less than there are and calls it done.
        case shortBody(by: Int)
        /// Delivers that many zero bytes more than there are.
        case longBody(by: Int)
        /// Changes one bit of the byte at this offset of what is delivered.
        case flippedByte(at: Int)
        /// Swaps the first and last object of the batch.
        case disorder
    }

    package let operation: Operation
    /// The call of this operation that is hit, from 1.
    package let call: Int
    package let effect: Effect

    package init(_ operation: Operation, call: Int = 1, _ effect: Effect) {
        self.operation = operation
        self.call = call
        self.effect = effect
    }
}

extension Fault {
    /// A reproducible plan: one transient error in about every fourth of the first calls of each operation.
    package static func plan(seed: UInt64, calls: Int, address: String = "faulty") -> [Fault] {
        var state = seed
        var plan: [Fault] = []
        for operation: Operation in [.head, .read, .put, .delete, .copy, .list, .page] {
            for call in 1...calls {
                // A linear congruential generator; the low bits are the weak ones.
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                guard state >> 62 == 0 else { continue }
                let error = StorageError(
                    .unreachable,
                    "reach",
                    address: address,
                    reason: "planned for \(call)"
                )
                let breaksOff = operation == .read && state >> 61 & 1 == 1
                plan.append(
                    Fault(operation, call: call, breaksOff ? .breakOff(after: 3, error) : .fail(error))
                )
            }
        }
        return plan
    }
}

/// A store that fails by plan and counts its calls.
package final class FaultyStore: ObjectStore {
    private let base: any ObjectStore
    private let plan: [Fault]
    private let counts = Mutex<[Fault.Operation: Int]>([:])

    package init(_ base: any ObjectStore, _ plan: [Fault]) {
        self.base = base
        self.plan = plan
    }

    package var address: String { base.address }
    package var limits: StorageLimits { base.limits }

    /// How often an operation was called.
    package func calls(_ operation: Fault.Operation) -> Int {
        counts.withLock { $0[operation] ?? 0 }
    }

    private func effect(_ operation: Fault.Operation) -> Fault.Effect? {
        let call = counts.withLock { counts in
            counts[operation, default: 0] += 1
            return counts[operation, default: 0]
        }
        return plan.first { $0.operation == operation && $0.call == call }?.effect
    }

    private func run<Result>(
        _ operation: Fault.Operation,
        _ body: () throws(StorageError) -> Result,
    ) throws(StorageError) -> Result {
        let effect = effect(operation)
        if case .fail(let error) = effect { throw error }
        let result = try body()
        if case .loseAnswer(let error) = effect { throw error }
        return result
    }

    package func create() throws(StorageError) {
        try run(.create) { () throws(StorageError) in try base.create() }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        try run(.head) { () throws(StorageError) in try base.head(key) }
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        let effect = effect(.read)
        if case .fail(let error) = effect { throw error }
        var body = try base.bytes(of: key, range: range)
        var failure: StorageError?
        switch effect {
        case .breakOff(let count, let error):
            body = Array(body.prefix(count))
            failure = error
        case .loseAnswer(let error): failure = error
        case .shortBody(let count): body = Array(body.dropLast(count))
        case .longBody(let count): body += [UInt8](repeating: 0, count: count)
        case .flippedByte(let offset) where body.indices.contains(offset): body[offset] ^= 1
        case .fail, .flippedByte, .disorder, nil: break
        }
        do {
            if !body.isEmpty { try unsafe body.withUnsafeBytes { try unsafe sink($0) } }
        } catch {
            throw StorageError(endedBy: error, "read", key: key, address: address)
        }
        if let failure { throw failure }
        return UInt64(body.count)
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        try run(.put) { () throws(StorageError) in try base.put(key, from: source, options: options) }
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        try run(.delete) { () throws(StorageError) in try base.delete(key) }
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        try run(.copy) { () throws(StorageError) in try base.copy(from: source, to: destination) }
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try run(.list) { () throws(StorageError) in
            FaultyListing(try base.list(request)) { [self] in effect(.page) }
        }
    }
}

private final class FaultyListing: ObjectListing {
    private let base: any ObjectListing
    private let effect: () -> Fault.Effect?

    init(_ base: any ObjectListing, effect: @escaping () -> Fault.Effect?) {
        self.base = base
        self.effect = effect
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        let effect = effect()
        if case .fail(let error) = effect { throw error }
        var batch = try base.next()
        if case .loseAnswer(let error) = effect { throw error }
        if case .disorder = effect, batch.count > 1 { batch.swapAt(0, batch.count - 1) }
        return batch
    }
}
