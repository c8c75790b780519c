// SPDX-License-Identifier: Apache-2.0
// Messages for people who watch a run. Where they go is decided by whoever makes the log: the command line
// writes lines to standard error, tests collect entries. Nothing here prints.

/// How much a message matters.
package enum LogLevel: Int, Comparable, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error

    /// The name in lower case, as on the command line and in the text.
    package var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// The level of a name in any case; `warn` is understood too.
    package init?(name: String) {
        let lower = name.lowercased()
        guard let level = Self.allCases.first(where: { $0.name == (lower == "warn" ? "warning" : lower) })
        else {
            return nil
        }
        self = level
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A named value that belongs to a message.
package struct LogField: Hashable, Sendable {
    package let name: String
    package let value: String

    /// - Parameter value: shown by its description; secrets are the caller's to redact (`redactedAddress`).
    package init(_ name: String, _ value: some CustomStringConvertible) {
        self.name = name
        self.value = value.description
    }
}

/// One message.
package struct LogEntry: Hashable, Sendable {
    package let level: LogLevel
    package let message: String
    package let fields: [LogField]

    /// `message key=value key="value with blanks"` on one line, safe for a terminal.
    package var text: String {
        var text = terminalSafe(message)
        for field in fields { text += " \(terminalSafe(field.name))=\(Self.quoted(field.value))" }
        return text
    }

    private static func quoted(_ value: String) -> String {
        let safe = terminalSafe(value)
        let isPlain = !value.isEmpty && !value.utf8.contains { [0x20, 0x22, 0x3D, 0x5C].contains($0) }
        guard !isPlain else { return safe }
        let escaped = safe.map { $0 == "\"" ? "\\\"" : String($0) }.joined()
        return "\"\(escaped)\""
    }
}

/// Where messages go, and which of them.
///
/// A value to pass along; every thread may use it.
package struct Log: Sendable {
    /// Messages below this level are not made.
    package var level: LogLevel
    /// Takes each message, on the thread that logs; it must be quick and must not log.
    package let sink: @Sendable (LogEntry) -> Void

    /// - Parameter sink: takes each message of at least `level`.
    package init(level: LogLevel = .notice, sink: @escaping @Sendable (LogEntry) -> Void) {
        self.level = level
        self.sink = sink
    }

    /// Drops everything.
    package static let silent = Log(level: .error) { _ in }

    /// Hands a message to the sink; its text and fields are only made when the level asks for them.
    package func log(
        _ level: LogLevel,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [LogField] = [],
    ) {
        guard level >= self.level else { return }
        sink(LogEntry(level: level, message: message(), fields: fields()))
    }

    /// For those who look for a mistake in sluice.
    package func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.debug, message(), fields())
    }

    /// What is being done.
    package func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.info, message(), fields())
    }

    /// Something is not as it should be, and the work goes on.
    package func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.warning, message(), fields())
    }

    /// Something was not done.
    package func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.error, message(), fields())
    }
}
