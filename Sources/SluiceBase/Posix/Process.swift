// SPDX-License-Identifier: Apache-2.0
// What a program asks about itself and its surroundings.

import CLinux
import Glibc

extension Posix {
    /// The value of an environment variable, nil when it is not set; bytes that are not UTF-8 are replaced.
    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Whether a descriptor is a terminal: 0 standard input, 1 output, 2 error output.
    package static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    /// The columns of the terminal behind a descriptor, nil when it is none or does not say.
    package static func terminalWidth(_ descriptor: Int32) -> Int? {
        let columns = clinux_terminal_columns(descriptor)
        return columns > 0 ? Int(columns) : nil
    }

    /// The number of this process.
    package static var processID: Int32 { getpid() }

    /// The kernel's number of the calling thread.
    package static var threadID: Int32 { clinux_thread_id() }

    /// The effective user.
    package static var effectiveUserID: UInt32 { geteuid() }

    /// The effective group.
    package static var effectiveGroupID: UInt32 { getegid() }

    /// The name of this machine, `localhost` when it has none.
    package static var hostname: String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, unsafe gethostname(start, buffer.count - 1) == 0 else {
                return "localhost"
            }
            unsafe buffer[buffer.count - 1] = 0
            return unsafe String(cString: start)
        }
    }

    /// The processors that this process may use, at least 1.
    package static var processorCount: Int {
        max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }
}
