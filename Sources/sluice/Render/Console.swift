// SPDX-License-Identifier: Apache-2.0
// The only place that writes to the terminal: results to stdout, everything else to stderr, no capital letter
// and no full stop in messages. A reader that went away ends the output, not the work.

import Glibc
import SluiceBase
import TerminalUI

enum Console {
    /// Prints a line of the result.
    static func out(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// Prints a line for the person at the terminal.
    static func note(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    /// A status line on stderr, when that is a terminal that can redraw.
    static func progressLine(quiet: Bool) -> ProgressLine {
        let isTerminal = Posix.isTerminal(STDERR_FILENO) && Posix.environment("TERM") != "dumb"
        return ProgressLine(
            isEnabled: isTerminal && !quiet,
            columns: Posix.terminalWidth(STDERR_FILENO) ?? 80
        ) {
            write($0, to: STDERR_FILENO)
        }
    }
}

/// Questions before dangerous deeds.
enum Consent {
    /// Asks for a yes; `--yes` answers it, and without a terminal nothing is done.
    static func require(_ question: String, given: Bool) throws {
        guard !given else { return }
        try requireTerminal()
        Console.write("\(question) [y/N]: ", to: STDERR_FILENO)
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else { throw aborted }
    }

    /// Asks for the volume's name, which cannot be typed by habit.
    static func requireName(_ name: String, for deed: String, given: Bool) throws {
        guard !given else { return }
        try requireTerminal()
        Console.write("Type the volume's name to \(deed): ", to: STDERR_FILENO)
        guard readLine() == name else { throw aborted }
    }

    private static let aborted = Failure("aborted, nothing was changed")

    private static func requireTerminal() throws {
        guard !Posix.isTerminal(STDIN_FILENO) else { return }
        throw Failure(
            "this needs a confirmation and there is no terminal",
            hint: "repeat the command with --yes"
        )
    }
}
