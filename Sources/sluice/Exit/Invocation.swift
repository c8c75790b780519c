// SPDX-License-Identifier: Apache-2.0
// One run of the program: arguments are brought into the parser's form, the command runs, its end becomes an
// exit code. Only here are codes chosen for the program as a whole.

import ArgumentParser
import SluiceBase

/// Ends a command that gives a verdict with the bits it found.
struct VerdictReached: Error {
    var verdict: Verdict
}

struct Invocation {
    private let arguments: [String]
    private let isDropIn: Bool

    /// - Parameter commandLine: the program's name and its arguments.
    init(_ commandLine: [String]) {
        let name = commandLine.first?.split(separator: "/").last
        isDropIn = name == "juicefs"
        let words = Self.normalized(Array(commandLine.dropFirst()))
        // Compatibility: the change log never ends there (JuiceFS 1.4.2).
        arguments = isDropIn && words.first == "changelog" ? words + ["--follow"] : words
    }

    /// Runs the command.
    /// - Returns: the exit code.
    func run() -> Int32 {
        let code = runCommand()
        return isDropIn ? min(code, 1) : code
    }

    private var givesVerdict: Bool {
        arguments.first.map { ["fsck", "gc", "sync"].contains($0) } ?? false
    }

    private func runCommand() -> Int32 {
        do {
            var command = try Sluice.parseAsRoot(arguments)
            try command.run()
            return ExitStatus.done.rawValue
        } catch let reached as VerdictReached {
            return reached.verdict.rawValue
        } catch let error where Self.isFromParser(error) {
            return finishParsing(error)
        } catch {
            return report(Failure(error))
        }
    }

    /// Help and version are results; everything else from the parser is a usage error.
    private func finishParsing(_ error: any Error) -> Int32 {
        let text = Sluice.fullMessage(for: error)
        guard Sluice.exitCode(for: error) != .success else {
            Console.out(text)
            return ExitStatus.done.rawValue
        }
        Console.note(text)
        return givesVerdict ? Verdict.usage.rawValue : ExitStatus.usage.rawValue
    }

    private func report(_ failure: Failure) -> Int32 {
        let verb = arguments.first { !$0.hasPrefix("-") } ?? ""
        Console.note("sluice: \(verb.isEmpty ? "" : verb + ": ")\(terminalSafe(failure.sentence))")
        if let hint = failure.hint { Console.note("hint: \(hint)") }
        guard givesVerdict else { return failure.status.rawValue }
        switch failure.status {
        case .usage: return Verdict.usage.rawValue
        case .interrupted: return Verdict.cancelled.rawValue
        case .done, .failed, .notAVolume, .inUse, .denied, .unreachable, .incompatible:
            return Verdict.incomplete.rawValue
        }
    }

    /// The parser's own errors have no public common type; all of ours are known to `Failure`.
    private static func isFromParser(_ error: any Error) -> Bool {
        if error is ExitCode || error is CleanExit || error is ValidationError { return true }
        return String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }
}

extension Invocation {
    /// Flags that JuiceFS takes before the command.
    private static let globalFlags: Set<String> = [
        "-v", "--verbose", "--debug", "-q", "--quiet", "--no-color", "--trace", "--no-agent",
    ]

    /// Switches that can be turned off: JuiceFS writes `--name=false`, our parser `--no-name`.
    private static let switches: Set<String> = [
        "dir-stats", "user-group-quota", "enable-acl", "changelog", "hash-prefix",
    ]

    /// Accepts JuiceFS's spellings: global flags in front of the command, `--flag=true` and `--flag=false`.
    static func normalized(_ arguments: [String]) -> [String] {
        let leading = arguments.prefix { globalFlags.contains($0) }
        guard leading.count < arguments.count else { return arguments }
        return (arguments.dropFirst(leading.count) + leading).map { argument in
            // JuiceFS 1.4.2 shows its version for -V.
            if argument == "-V", arguments.count == 1 { return "--version" }
            guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return argument }
            let name = String(argument[argument.index(argument.startIndex, offsetBy: 2)..<equals])
            let value = argument[argument.index(after: equals)...]
            switch (value, switches.contains(name)) {
            case ("true", true): return "--\(name)"
            case ("false", true): return "--no-\(name)"
            default: return argument
            }
        }
    }
}
