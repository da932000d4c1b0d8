import Testing

@Suite struct HauberkCommandsSmokeTests {
    @Test func `the suite runs`() {}
}
