import HauberkCommands

@main
struct Main {
    static func main() async {
        Hauberk.prepare()
        await Hauberk.run()
    }
}
