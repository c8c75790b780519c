// SPDX-License-Identifier: Apache-2.0
// sluice-fuzz --list
// sluice-fuzz DECODER [ARGUMENTS OF LIBFUZZER]
//
// Feeds one decoder with what libFuzzer makes up. A trap ends the program, a broken promise ends it too, and
// libFuzzer keeps the input.

import CFuzzer
import FuzzDecoders
import Glibc

func say(_ sentence: String) {
    let line = Array("sluice-fuzz: \(sentence)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
}

func fail(_ sentence: String) -> Never {
    say(sentence)
    exit(64)
}

/// The decoder that the first argument names.
enum Chosen {
    static let decoder: Decoder = {
        guard let name = CommandLine.arguments.dropFirst().first else { fail("name a decoder, or --list") }
        guard let decoder = Decoder.all.first(where: { $0.name == name }) else {
            fail("no decoder '\(name)'")
        }
        return decoder
    }()
}

/// What libFuzzer calls with every input; its own `main` asks for this name, although ours takes its place.
@_cdecl("LLVMFuzzerTestOneInput")
func feed(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    do throws(BrokenPromise) {
        try Chosen.decoder.check(bytes)
    } catch {
        say("\(Chosen.decoder.name): broken promise: \(error)")
        abort()
    }
    return 0
}

if CommandLine.arguments.dropFirst() == ["--list"] {
    for decoder in Decoder.all { print(decoder.name, decoder.maximumLength) }
    exit(0)
}
_ = Chosen.decoder
// libFuzzer's arguments begin behind the decoder's name, which takes the place of the program's.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
exit(unsafe LLVMFuzzerRunDriver(&count, &arguments, feed))
