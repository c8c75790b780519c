// SPDX-License-Identifier: Apache-2.0
// The connection of the C library, always in pipeline mode: a batch of commands goes out with one mark behind
// it, then the answers come in the same order. After a command that fails the server skips the rest of its
// batch.

import CLibpq
import Glibc

/// Why a batch did not come to its end.
enum PostgresFault: Error {
    /// The server refused a command.
    /// - Parameter command: its place in the batch.
    case refused(state: String, message: String, command: Int)
    /// The connection is gone; what the server did is unknown.
    case lost(message: String)
}

/// One command of a batch.
enum PostgresCommand {
    case prepare(name: String, text: String, types: [UInt32])
    case run(name: String, parameters: [PostgresValue])
    /// A statement that is used once.
    case query(text: String, parameters: [PostgresValue])
}

/// An open connection, closed when its last user is gone.
///
/// One thread at a time.
@safe final class PostgresHandle {
    /// Opened by `init`, closed in deinit.
    private let pointer: OpaquePointer
    /// How many commands each batch holds whose answers have not been fetched.
    private var owed: [Int] = []

    /// - Parameter timeout: seconds, for each host that the parameters name.
    init(connecting parameters: [(key: String, value: String)], timeout: Int) throws(PostgresFault) {
        let started = unsafe withCStrings(parameters.map(\.key)) { keys in
            unsafe withCStrings(parameters.map(\.value)) { values in
                unsafe PQconnectStartParams(keys, values, 0)
            }
        }
        guard let pointer = unsafe started else { throw .lost(message: "out of memory") }
        unsafe self.pointer = unsafe pointer
        unsafe PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        // The only way to learn the code of a refusal while connecting.
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        try finishConnecting(timeout: timeout)
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        guard unsafe PQenterPipelineMode(pointer) == 1 else { throw lost() }
    }

    deinit {
        unsafe PQfinish(pointer)
    }

    var isBroken: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }

    /// 150003 for 15.3.
    var serverVersion: Int32 { unsafe PQserverVersion(pointer) }

    // MARK: Connecting

    private func finishConnecting(timeout: Int) throws(PostgresFault) {
        var wanted = PGRES_POLLING_WRITING
        var socket: Int32 = -1
        var deadline = 0
        while wanted != PGRES_POLLING_OK {
            guard wanted != PGRES_POLLING_FAILED else { throw connectionFault() }
            let current = unsafe PQsocket(pointer)
            if current != socket { (socket, deadline) = (current, milliseconds() + timeout * 1000) }
            let events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT
            var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
            let left = deadline - milliseconds()
            guard left > 0, unsafe poll(&descriptor, 1, Int32(clamping: left)) != 0 else {
                throw .lost(message: "no answer within \(timeout) s")
            }
            wanted = unsafe PQconnectPoll(pointer)
        }
    }

    /// What went wrong while connecting.
    private func connectionFault() -> PostgresFault {
        let message = unsafe String(cString: PQerrorMessage(pointer))
        if unsafe PQconnectionNeedsPassword(pointer) == 1 {
            return .refused(
                state: SQLState.invalidPassword,
                message: "the server asks for a password",
                command: 0
            )
        }
        guard let refusal = refusal(in: message) else { return .lost(message: oneLine(message)) }
        return .refused(state: refusal.state, message: refusal.message, command: 0)
    }

    /// The last refusal of a verbose message: `FATAL:  28P01: password authentication failed`, with a line
    /// about the server's source behind it.
    private func refusal(in message: String) -> (state: String, message: String)? {
        for line in message.split(separator: "\n").reversed() {
            guard let mark = line.firstRange(of: ":  ") else { continue }
            let rest = line[mark.upperBound...]
            let state = rest.prefix(5)
            guard state.utf8.count == 5, state.allSatisfy({ $0.isNumber || $0.isUppercase }),
                rest.dropFirst(5).hasPrefix(": ")
            else { continue }
            return (String(state), String(rest.dropFirst(7)))
        }
        return nil
    }

    // MARK: Batches

    /// Sends a batch and fetches its answers.
    /// - Returns: an answer per command, up to the first that was refused, and that refusal.
    /// - Throws: `PostgresFault.lost`.
    func exchange(
        _ commands: [PostgresCommand]
    ) throws(PostgresFault) -> (answers: [PostgresResult], refusal: PostgresFault?) {
        try send(commands)
        while owed.count > 1 { _ = try fetch(owed.removeFirst()) }
        return try fetch(owed.removeFirst())
    }

    /// Sends a batch whose answers nobody waits for.
    func send(_ commands: [PostgresCommand]) throws(PostgresFault) {
        for command in commands {
            guard send(command) == 1 else { throw lost() }
        }
        guard unsafe PQpipelineSync(pointer) == 1 else { throw lost() }
        owed.append(commands.count)
    }

    private func send(_ command: PostgresCommand) -> Int32 {
        switch command {
        case .prepare(let name, let text, let types):
            unsafe types.withUnsafeBufferPointer { types in
                unsafe PQsendPrepare(pointer, name, text, Int32(types.count), types.baseAddress)
            }
        case .run(let name, let parameters):
            unsafe PostgresValue.withParameters(parameters) { list in
                unsafe PQsendQueryPrepared(
                    pointer,
                    name,
                    list.count,
                    list.values,
                    list.lengths,
                    list.formats,
                    1
                )
            }
        case .query(let text, let parameters):
            unsafe PostgresValue.withParameters(parameters) { list in
                unsafe PQsendQueryParams(
                    pointer,
                    text,
                    list.count,
                    list.types,
                    list.values,
                    list.lengths,
                    list.formats,
                    1
                )
            }
        }
    }

    /// Fetches the answers of the oldest batch.
    private func fetch(
        _ count: Int
    ) throws(PostgresFault) -> (answers: [PostgresResult], refusal: PostgresFault?) {
        var answers: [PostgresResult] = []
        var refusal: PostgresFault?
        for command in 0..<count {
            guard let result = nextResult() else { throw lost() }
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: answers.append(result)
            case PGRES_PIPELINE_ABORTED: break
            default:
                // A server that shuts down says so and hangs up.
                if isBroken { throw .lost(message: result.message) }
                refusal =
                    refusal
                    ?? .refused(
                        state: result.state,
                        message: result.message,
                        command: command
                    )
            }
            // The end of the command.
            guard nextResult() == nil else { throw .lost(message: "an answer too many") }
        }
        guard let mark = nextResult(), mark.status == PGRES_PIPELINE_SYNC else { throw lost() }
        return (answers, refusal)
    }

    private func nextResult() -> PostgresResult? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe PostgresResult(owning: result)
    }

    private func lost() -> PostgresFault {
        .lost(message: oneLine(unsafe String(cString: PQerrorMessage(pointer))))
    }
}

/// The lines of a message in one.
private func oneLine(_ message: String) -> String {
    let line = message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == "\t" } }
        .joined(separator: "; ")
    return line.isEmpty ? "the connection was lost" : line
}

private func milliseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// The strings as a list that ends with a null pointer, for the time of the call.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result,
) -> Result {
    var pointers: [UnsafePointer<CChar>?] = unsafe strings.map { text in
        unsafe strdup(text).map { unsafe UnsafePointer($0) }
    }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0)) } }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}
