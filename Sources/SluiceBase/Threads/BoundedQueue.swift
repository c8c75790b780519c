// SPDX-License-Identifier: Apache-2.0
// The queue between threads that make work and threads that do it. Its capacity is what keeps memory
// bounded: a producer that is ahead waits. Handing over costs a lock and maybe a wake-up: pass batches, not
// single keys.

/// A first-in-first-out queue of limited length for any number of threads on both ends.
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State: Sendable {
        /// A ring: `count` elements from `first` on.
        var slots: [Element?]
        var first = 0
        var count = 0
        var isClosed = false

        mutating func append(_ element: Element) {
            slots[(first + count) % slots.count] = element
            count += 1
        }

        mutating func removeFirst() -> Element? {
            guard count > 0 else { return nil }
            defer {
                slots[first] = nil
                first = (first + 1) % slots.count
                count -= 1
            }
            return slots[first]
        }
    }

    private static var spaceIsThere: Int { 0 }
    private static var elementIsThere: Int { 1 }
    private let monitor: Monitor<State>

    /// - Parameter capacity: elements, at least 1.
    package init(capacity: Int) {
        precondition(capacity > 0, "a queue without room would never let anything through")
        monitor = Monitor(State(slots: Array(repeating: nil, count: capacity)), conditionCount: 2)
    }

    /// Appends an element, waiting while the queue is full.
    /// - Returns: false when the queue is closed or cancelled; the element is then not in it.
    @discardableResult
    package func push(_ element: Element) -> Bool {
        monitor.wait(for: Self.spaceIsThere, waking: Self.elementIsThere) { state in
            if state.isClosed { return false }
            guard state.count < state.slots.count else { return nil }
            state.append(element)
            return true
        }
    }

    /// Takes the first element, waiting while there is none.
    /// - Returns: nil when the queue is closed and empty, or cancelled.
    package func pop() -> Element? {
        monitor.wait(for: Self.elementIsThere, waking: Self.spaceIsThere) { state -> Element?? in
            if let element = state.removeFirst() { return .some(element) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// Ends the input: waiting producers are refused, consumers get what is left and then nil.
    package func close() {
        monitor.withLock(waking: Self.spaceIsThere, Self.elementIsThere) { $0.isClosed = true }
    }

    /// Ends the queue at once and drops what is in it.
    package func cancel() {
        // The elements are let go outside the lock: their deinit may do anything.
        let dropped = monitor.withLock(waking: Self.spaceIsThere, Self.elementIsThere) { state in
            let slots = state.slots
            state.slots = Array(repeating: nil, count: slots.count)
            (state.first, state.count, state.isClosed) = (0, 0, true)
            return slots
        }
        withExtendedLifetime(dropped) {}
    }

    /// The number of elements at this moment.
    package var count: Int { monitor.withLock { $0.count } }
}
