// SPDX-License-Identifier: Apache-2.0
// Runs a program as a user would: its own environment, its two outputs apart, never longer than it may. The
// outputs go to unnamed files, so that neither a long output nor a daemon that stays behind can stop a test.

import Glibc
import SluiceBase

/// A program that could not be started or did not end in time.
package struct ProgramError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// How a program ended.
package struct ProgramResult: Sendable {
    /// The exit code; below 0 the number of the signal that ended the program.
    package let status: Int32
    package let output: [UInt8]
    package let errors: [UInt8]

    /// Standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }

    /// Standard error as text.
    package var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// Whether a signal ended it: a trap, a crash, or the time limit.
    package var crashed: Bool { status < 0 }

    /// Everything, for the comment of an expectation.
    package var story: String { "exit \(status)\n\(text)\n\(errorText)" }
}

/// A program with everything that a run of it needs.
package struct Program: Sendable {
    package var path: String
    /// Its name in the process list, argument 0; the path when nil.
    package var name: String?
    package var arguments: [String]
    /// The whole environment: nothing of the test's own is inherited.
    package var environment: [String: String]
    /// What it reads from standard input, which is never a terminal.
    package var input: [UInt8] = []
    package var limitSeconds: Int32 = 120

    package init(_ path: String, _ arguments: [String], environment: [String: String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs the program to its end.
    /// - Throws: ``ProgramError`` when it cannot be started; ``SystemError`` for its files.
    package func run() throws -> ProgramResult {
        try start().wait()
    }

    /// Starts the program.
    package func start() throws -> RunningProgram {
        let input = try Self.unnamedFile()
        try input.write(self.input)
        guard lseek(input.raw, 0, SEEK_SET) == 0 else { throw SystemError(errno, "lseek") }
        let output = try Self.unnamedFile()
        let errors = try Self.unnamedFile()
        let process = try spawn([input.raw, output.raw, errors.raw])
        return RunningProgram(
            process: process,
            name: "\(path) \(arguments)",
            limitSeconds: limitSeconds,
            output: output.release(),
            errors: errors.release()
        )
    }

    /// Starts a program that runs until somebody kills it; what it prints is dropped.
    /// - Returns: the number of the process, for the caller to kill and to wait for.
    package func startServer() throws -> Int32 {
        let null = try FileDescriptor.open("/dev/null", [.readWrite])
        return try spawn([null.raw, null.raw, null.raw])
    }

    private static func unnamedFile() throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open(Posix.temporaryDirectory, [.readWrite, .unnamed], mode: 0o600)
    }

    private func spawn(_ descriptors: [Int32]) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var process = pid_t()
        let values = environment.map { "\($0.key)=\($0.value)" }
        let code = unsafe withCStrings([name ?? path] + arguments) { arguments in
            unsafe withCStrings(values) { values in
                unsafe posix_spawn(&process, path, &actions, &attributes, arguments, values)
            }
        }
        guard code == 0 else { throw SystemError(code, "posix_spawn", ByteString(path)) }
        return process
    }
}

/// A program between its start and its end.
package struct RunningProgram: ~Copyable {
    /// The number of the process, which leads a group of its own.
    package let process: Int32
    private let name: String
    private let limitSeconds: Int32
    private let output: FileDescriptor
    private let errors: FileDescriptor

    fileprivate init(process: Int32, name: String, limitSeconds: Int32, output: Int32, errors: Int32) {
        self.process = process
        self.name = name
        self.limitSeconds = limitSeconds
        self.output = FileDescriptor(adopting: output)
        self.errors = FileDescriptor(adopting: errors)
    }

    /// Sends a signal.
    package func signal(_ number: Int32) {
        kill(process, number)
    }

    /// Waits for the end; after the time limit the program and its group are killed.
    /// - Throws: ``ProgramError`` with what it had printed when it took too long.
    package consuming func wait() throws -> ProgramResult {
        let isLate = try waitOrKill()
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemError(errno, "waitpid") }
        }
        let signal = status & 0x7f
        let result = ProgramResult(
            status: signal == 0 ? (status >> 8) & 0xff : -signal,
            output: try Self.contents(of: output),
            errors: try Self.contents(of: errors)
        )
        guard !isLate else {
            throw ProgramError(description: "\(name) took more than \(limitSeconds) s: \(result.story)")
        }
        return result
    }

    /// Returns when the program has ended but is not reaped yet, so that its number is not another's.
    private borrowing func waitOrKill() throws -> Bool {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SystemError(errno, "pipe") }
        let (reading, writing) = (ends[0], ends[1])
        let isLate = Monitor(false)
        let (process, milliseconds) = (process, limitSeconds * 1000)
        let watch = try WorkerThread(name: "watch") {
            var descriptor = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&descriptor, 1, milliseconds) == 0 else { return }
            isLate.withLock(waking: 0) { $0 = true }
            kill(-process, SIGKILL)
        }
        var info = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        // A byte, not the closing, ends the watch: another program may have inherited this end.
        var byte: UInt8 = 0
        guard unsafe write(writing, &byte, 1) == 1 else { throw SystemError(errno, "write") }
        watch.join()
        Glibc.close(writing)
        Glibc.close(reading)
        return isLate.withLock(waking: 0) { $0 }
    }

    private static func contents(of file: borrowing FileDescriptor) throws -> [UInt8] {
        let size = lseek(file.raw, 0, SEEK_END)
        guard size >= 0 else { throw SystemError(errno, "lseek") }
        return try file.read(count: min(size, 64 << 20), at: 0)
    }
}

/// The strings as a list that ends with a null pointer, for the time of the call.
func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result,
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeBufferPointer { buffer in
        // The list holds the null pointer at least.
        guard let start = buffer.baseAddress else { preconditionFailure("an empty list") }
        return unsafe body(start)
    }
}
