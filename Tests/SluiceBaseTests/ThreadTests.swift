// SPDX-License-Identifier: Apache-2.0

import Glibc
import SluiceBase
import Synchronization
import Testing

private struct Failure: Error, Equatable {
    let index: Int
}

@Suite("Threads", .timeLimit(.minutes(1)))
struct ThreadTests {
    @Test("A thread runs once on a thread of its own and can be joined repeatedly")
    func joining() throws {
        let runCount = Atomic(0)
        let other = Atomic<Int32>(0)
        try withExtendedLifetime(()) {
            let thread = try WorkerThread(name: "a name that is too long", stackSizeBytes: 1) {
                runCount.add(1, ordering: .relaxed)
                other.store(Posix.threadID, ordering: .relaxed)
            }
            thread.join()
            thread.join()
        }
        #expect(runCount.load(ordering: .relaxed) == 1)
        #expect(other.load(ordering: .relaxed) != Posix.threadID)
    }

    @Test("A stack that cannot be had is an error")
    func tooLargeStack() {
        #expect(throws: SystemError.self) { try WorkerThread(name: "huge", stackSizeBytes: 1 << 60) {} }
    }

    @Test("What many producers push, many consumers pop, each element once, however small the queue")
    func queue() throws {
        for capacity in [1, 3, 64] {
            let queue = BoundedQueue<Int>(capacity: capacity)
            let received = Mutex<[Int]>([])
            let consumers = try WorkerPool(count: 3, name: "consume") { _ in
                while let element = queue.pop() { received.withLock { $0.append(element) } }
            }
            let producers = try WorkerPool(count: 3, name: "produce") { index in
                for number in 0..<500 { queue.push(index * 500 + number) }
            }
            try producers.join()
            queue.close()
            try consumers.join()
            #expect(received.withLock { $0.sorted() } == Array(0..<1500))
            #expect(!queue.push(1))
            #expect(queue.pop() == nil)
        }
    }

    @Test("One producer's elements come out in order and the rest is delivered after closing")
    func order() {
        let queue = BoundedQueue<Int>(capacity: 10)
        for number in 0..<7 { queue.push(number) }
        #expect((0..<5).map { _ in queue.pop() } == [0, 1, 2, 3, 4])
        for number in 7..<12 { queue.push(number) }
        #expect(queue.count == 7)
        queue.close()
        var rest: [Int] = []
        while let element = queue.pop() { rest.append(element) }
        #expect(rest == Array(5..<12))
    }

    @Test("Cancelling wakes everybody and drops what is left")
    func cancellingQueue() throws {
        let full = BoundedQueue<Int>(capacity: 1)
        full.push(1)
        let empty = BoundedQueue<Int>(capacity: 1)
        let outcomes = Mutex<[Bool]>([])
        let pool = try WorkerPool(count: 4, name: "wait") { index in
            let outcome = index < 2 ? full.push(2) : empty.pop() != nil
            outcomes.withLock { $0.append(outcome) }
        }
        full.cancel()
        empty.cancel()
        try pool.join()
        #expect(outcomes.withLock { $0 } == [false, false, false, false])
        #expect(full.pop() == nil)
        #expect(full.count == 0)
    }

    @Test("A pool runs every index and rethrows the first error after all have ended")
    func pool() throws {
        let indices = Mutex<Set<Int>>([])
        try WorkerPool(count: 8, name: "all") { index in indices.withLock { _ = $0.insert(index) } }.join()
        #expect(indices.withLock { $0 } == Set(0..<8))

        let cancellation = Cancellation()
        let ended = Atomic(0)
        let gate = Monitor(false)
        let failing = try WorkerPool(count: 4, name: "fail", cancellation: cancellation) { index in
            defer { ended.add(1, ordering: .relaxed) }
            if index == 2 {
                defer { gate.withLock(waking: 0) { $0 = true } }
                throw Failure(index: 2)
            }
            gate.wait { $0 ? true : nil }
            while !cancellation.isCancelled { sched_yield() }
            throw CancelledError()
        }
        #expect(throws: Failure(index: 2)) { try failing.join() }
        #expect(ended.load(ordering: .relaxed) == 4)
    }

    @Test("Threads that cannot all start run nothing")
    func poolThatCannotStart() {
        let runCount = Atomic(0)
        #expect(throws: SystemError.self) {
            try WorkerPool(count: 2, name: "huge", stackSizeBytes: 1 << 60) { _ in
                runCount.add(1, ordering: .relaxed)
            }
        }
        #expect(runCount.load(ordering: .relaxed) == 0)
    }

    @Test("A cancellation stays")
    func cancellation() throws {
        let cancellation = Cancellation()
        try cancellation.throwIfCancelled()
        cancellation.cancel()
        #expect(cancellation.isCancelled)
        #expect(throws: CancelledError()) { try cancellation.throwIfCancelled() }
    }

    @Test("A periodic task runs again and again until stopped")
    func periodic() throws {
        let runs = Monitor(0)
        let task = try PeriodicTask(every: .milliseconds(1), name: "tick") {
            runs.withLock(waking: 0) { $0 += 1 }
        }
        runs.wait { $0 >= 3 ? true : nil }
        task.stop()
        let count = runs.withLock { $0 }
        task.stop()
        #expect(runs.withLock { $0 } == count)
    }

    @Test("Stopping a periodic task does not wait for its interval")
    func stoppingAtOnce() throws {
        let runCount = Atomic(0)
        let task = try PeriodicTask(every: .seconds(3600), name: "rare") {
            runCount.add(1, ordering: .relaxed)
        }
        task.stop()
        #expect(runCount.load(ordering: .relaxed) == 0)
    }

    @Test("Waiting with a limit gives up")
    func deadline() {
        let monitor = Monitor(0)
        let start = MonotonicTime.now
        #expect(monitor.wait(deadline: start + .milliseconds(5)) { $0 > 0 ? true : nil } == nil)
        #expect(MonotonicTime.now - start >= .milliseconds(5))
        #expect(monitor.wait(deadline: start + .seconds(-1_000_000_000)) { $0 == 0 ? true : nil } == true)
        #expect(MonotonicTime(nanoseconds: .max) + .seconds(1) == MonotonicTime(nanoseconds: .max))
    }
}
