// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
package import VolumeModel

/// Random operations on a volume and on the model of a tree, done by one client or another, and compared
/// after each one as each of them sees it.
package struct TreeModelRun {
    private let actors: [any TreeActor]
    private var model: TreeModel
    private var random: SeededRandom
    private var places: TreePlaces

    /// - Parameters:
    ///   - actors: clients of one volume.
    ///   - root: the directory that the model's root stands for.
    package init(
        _ actors: [any TreeActor],
        root: Inode = .root,
        mode: UInt16 = 0o777,
        hasTrash: Bool,
        random: SeededRandom
    ) {
        self.actors = actors
        self.random = random
        model = TreeModel(hasTrash: hasTrash, mode: mode)
        places = TreePlaces(inodes: [root], paths: [0: ""])
    }

    /// Does that many steps.
    /// - Parameter afterStep: what belongs to a step besides its comparison.
    package mutating func run(steps: Int, afterStep: (Int) throws -> Void = { _ in }) throws {
        for number in 1...steps {
            let step = randomStep()
            let turn = Int.random(in: 0..<actors.count, using: &random)
            let comment: Comment = "step \(number) by client \(turn), \(step), seed \(random.seed)"
            let expected = model.apply(step)
            var made: Inode?
            let actual = try refusal { made = try actors[turn].apply(step, at: places) }
            if actors[turn].refusesAsWeDo {
                try #require(actual == expected, comment)
            } else {
                try #require((actual == nil) == (expected == nil), comment)
            }
            if let made { places.inodes.append(made) }
            places.paths = model.paths
            for actor in actors {
                try #require(try actor.difference(from: model, at: places) == nil, comment)
            }
            try afterStep(number)
        }
    }

    private mutating func randomStep() -> TreeStep {
        let reachable = model.reachable
        let files = reachable.filter { model.nodes[$0].type == .file }
        guard let file = files.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0
        else {
            return randomNameStep(reachable)
        }
        let offset = Int.random(in: 0..<300, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            let count = Int.random(in: 1...200, using: &random)
            return .write(file, offset, (0..<count).map { _ in UInt8.random(in: 1...255, using: &random) })
        case 5..<7: return .truncate(file, offset)
        case 7: return .punch(file, offset, Int.random(in: 1...100, using: &random))
        case 8:
            return .setAttribute(file, "user." + randomName(), [UInt8.random(in: 0...255, using: &random)])
        default: return .removeAttribute(file, "user." + randomName())
        }
    }

    private mutating func randomNameStep(_ reachable: [Int]) -> TreeStep {
        let directories = reachable.filter { model.nodes[$0].type == .directory }
        let directory = directories.randomElement(using: &random) ?? 0
        // The mode of a symlink is nobody's business.
        let node = reachable.filter { model.nodes[$0].type != .symlink }.randomElement(using: &random) ?? 0
        let mode = UInt16.random(in: 0...0o777, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<3: return .makeDirectory(directory, randomName(), mode)
        case 3..<6: return .createFile(directory, randomName(), mode)
        case 6: return .makeSymlink(directory, randomName(), randomName())
        case 7..<9: return .link(reachable.randomElement(using: &random) ?? 0, directory, randomName())
        case 9..<11: return .unlink(directory, randomName(in: directory))
        case 11..<13: return .removeDirectory(directory, randomName(in: directory))
        case 13..<19:
            let other = directories.randomElement(using: &random) ?? 0
            let choices: [RenameFlags] = [[], [], .noReplace, .exchange]
            let flags = choices.randomElement(using: &random) ?? []
            let (name, newName) = (randomName(in: directory), randomName(in: other))
            return .rename(directory, name, other, newName, flags)
        default: return .chmod(node, mode)
        }
    }

    private mutating func randomName() -> FileName {
        FileName(["a", "b", "c", "d", "e"].randomElement(using: &random) ?? "a")
    }

    /// Mostly a name that is there.
    private mutating func randomName(in directory: Int) -> FileName {
        let names = model.nodes[directory].children.keys.sorted()
        guard Int.random(in: 0..<4, using: &random) > 0, let name = names.randomElement(using: &random) else {
            return randomName()
        }
        return name
    }
}
