import HauberkCommands

@main
struct Main {
    static func main() async {
        await Hauberk.run()
    }
}
