// SPDX-License-Identifier: Apache-2.0

import Glibc

@main
enum Main {
    static func main() {
        // A reader that goes away (| head) must not kill us with work half done; writing answers EPIPE.
        signal(SIGPIPE, SIG_IGN)
        exit(Invocation(CommandLine.arguments).run())
    }
}
