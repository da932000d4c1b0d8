/// A real firewalld in a namespace of its own: its folders are private copies, and its message bus listens on a private
/// socket. The default zone lets everything pass, so that whatever is refused is refused by our rules; the filter of
/// reverse paths is off, for the bench has a default route on every interface.
enum FirewalldDaemon {
    /// Starts it where it does not run; one line of shell.
    static let start = """
        if ! firewall-cmd --quiet --state 2>/dev/null; then \
        mkdir -p /run/dbus /run/firewalld /run/fw-log; \
        if ! [ -d /run/fw-etc ]; then cp -a /etc/firewalld /run/fw-etc; mount --bind /run/fw-etc /etc/firewalld; \
        mount --bind /run/fw-log /var/log; fi; \
        sed -i 's/^DefaultZone=.*/DefaultZone=trusted/; s/^IPv6_rpfilter=.*/IPv6_rpfilter=no/' \
        /etc/firewalld/firewalld.conf; \
        printf '%s' '\(bus)' >/run/dbus.conf; \
        dbus-daemon --config-file=/run/dbus.conf --nofork --nopidfile >/run/fw-log/dbus 2>&1 & \
        echo $! >/run/dbus.pid; \
        timeout 20 sh -c 'until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done' || exit 1; \
        firewalld --nofork --nopid >/run/fw-log/out 2>&1 & echo $! >/run/fw.pid; \
        turn=0; until firewall-cmd --quiet --state 2>/dev/null; do \
        turn=$((turn+1)); if [ $turn -gt 100 ]; then cat /run/fw-log/*; exit 1; fi; sleep 0.05; done; fi
        """

    /// Ends it and takes away what it has loaded; one line of shell.
    static let stop = """
        kill "$(cat /run/fw.pid)" "$(cat /run/dbus.pid)"; \
        \(gone); rm -rf /run/dbus
        """

    /// Waits until it has taken its table away, for 20 s at most; one line of shell.
    static let gone = """
        timeout 20 sh -c 'while nft list table inet firewalld >/dev/null 2>&1; do sleep 0.05; done' || exit 1
        """

    private static let bus = """
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" \
        "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd"> \
        <busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth> \
        <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/> \
        <allow eavesdrop="true"/></policy></busconfig>
        """
}
