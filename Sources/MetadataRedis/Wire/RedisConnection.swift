// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase

/// One session with a server.
///
/// Belongs to one thread at a time: the pool hands it to one borrower. A connection that failed once stays
/// broken, because nobody knows any more which reply belongs to which command.
package final class RedisConnection {
    /// The server, without secrets.
    package let address: String
    /// Exchanges so far: what a caller waited for the network.
    package private(set) var roundTrips = 0
    /// Whether the last request left whole, so that the server may have it even when no answer came.
    ///
    /// A request that did not lacks its last command at least.
    package private(set) var hasSent = false
    /// Whether an exchange failed; no other may follow.
    package private(set) var isBroken = false
    /// Whether the server said that it does not serve the keys now: it is a replica, the slot moved, or it
    /// loads its data.
    ///
    /// The next transaction needs a connection that was looked for anew.
    package private(set) var isElsewhere = false
    /// The server's number of this connection, 0 when it does not tell (before Redis 5.0).
    package var clientID: Int64 = 0
    /// By which the server tells one start of it from all others; empty when it does not tell.
    package var serverRun: [UInt8] = []

    private let socket: any RedisSocket
    private let parser = ReplyParser()
    /// Sent before the next request, its replies dropped.
    private var postponed = CommandBatch()
    /// Requests whose replies were not received yet, in the order in which they were sent.
    private var unanswered: [SentRequest] = []

    package init(_ socket: any RedisSocket, address: String) {
        self.socket = socket
        self.address = address
    }

    deinit {
        socket.close()
    }

    /// Sends commands in one write and waits for all replies; errors among them are for the caller to see.
    /// - Throws: `EngineError.unreachable` when the connection failed: any of the commands may have been
    /// done.
    package func exchange(_ batch: CommandBatch) throws(EngineError) -> [RedisReply] {
        guard !batch.isEmpty else { return [] }
        return try replies(to: send(batch))
    }

    /// Sends commands in one write; `replies` waits for what comes back.
    /// - Throws: `EngineError.unreachable`, as `exchange`.
    package func send(_ batch: CommandBatch) throws(EngineError) -> SentRequest {
        guard !isBroken else {
            throw EngineError(
                .unreachable,
                "send",
                address: address,
                reason: "the connection was lost before"
            )
        }
        let sent = SentRequest(count: batch.count, skipped: postponed.count)
        var request = postponed
        request.add(batch)
        postponed = CommandBatch()
        hasSent = false
        try breaking { () throws(EngineError) in try socket.write(request.bytes) }
        hasSent = true
        unanswered.append(sent)
        return sent
    }

    /// What the server answers to a request of this connection; waits for it, and is asked once.
    /// - Throws: `EngineError.unreachable`, as `exchange`.
    package func replies(to request: SentRequest) throws(EngineError) -> [RedisReply] {
        while request.replies == nil, !unanswered.isEmpty {
            let first = unanswered.removeFirst()
            var replies = try breaking { () throws(EngineError) in
                try receive(first.skipped + first.count)
            }
            roundTrips += 1
            isElsewhere = isElsewhere || replies.contains { $0.failure?.isFromElsewhere == true }
            replies.removeFirst(first.skipped)
            first.replies = replies
        }
        guard let replies = request.replies else {
            throw EngineError(.failed, "receive", address: address, reason: "nothing was sent")
        }
        request.replies = nil
        return replies
    }

    /// Ends the connection when there are replies that nobody will take.
    package func endUnlessAnswered() {
        if !unanswered.isEmpty { close() }
    }

    /// After an error nobody knows any more which reply belongs to which command.
    private func breaking<Result>(
        _ body: () throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        do throws(EngineError) {
            return try body()
        } catch {
            isBroken = true
            throw error
        }
    }

    /// Sends one command.
    /// - Throws: `EngineError` also when the server answers with an error.
    @discardableResult
    package func run(
        _ name: StaticString,
        _ arguments: [UInt8]...,
        operation: String,
    ) throws(EngineError) -> RedisReply {
        var batch = CommandBatch()
        batch.add(name, arguments)
        return try exchange(batch).first?.checked(operation, address: address) ?? .null
    }

    /// Sends commands together with the next exchange; nobody sees what the server answers to them.
    package func postpone(_ batch: CommandBatch) {
        postponed.add(batch)
    }

    /// Whether a request may still reach the server, as far as this side can see.
    package var isQuiet: Bool { !isBroken && socket.isQuiet }

    package func close() {
        isBroken = true
        socket.close()
    }

    private func receive(_ count: Int) throws(EngineError) -> [RedisReply] {
        var replies: [RedisReply] = []
        replies.reserveCapacity(count)
        while true {
            do throws(CodecError) {
                while replies.count < count, let reply = try parser.next() { replies.append(reply) }
            } catch {
                throw EngineError(.failed, "receive", address: address, reason: "\(error)")
            }
            guard replies.count < count else { return replies }
            try receiveMore()
        }
    }

    private func receiveMore() throws(EngineError) {
        var failure: EngineError?
        unsafe withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            do {
                let received = unsafe try socket.read(into: buffer)
                guard received > 0 else {
                    throw EngineError(
                        .unreachable,
                        "receive",
                        address: address,
                        reason: "the server closed the connection"
                    )
                }
                unsafe try parser.feed(UnsafeRawBufferPointer(rebasing: buffer[..<received]))
            } catch let error as EngineError {
                failure = error
            } catch {
                failure = EngineError(.failed, "receive", address: address, reason: "\(error)")
            }
        }
        if let failure { throw failure }
    }
}

/// Commands that were sent together, until somebody takes the replies.
///
/// Belongs to the thread of its connection.
package final class SentRequest {
    fileprivate let count: Int
    /// Replies that come before and that nobody sees.
    fileprivate let skipped: Int
    fileprivate var replies: [RedisReply]?

    fileprivate init(count: Int, skipped: Int) {
        self.count = count
        self.skipped = skipped
    }
}
