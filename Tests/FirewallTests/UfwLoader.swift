import HostPlans
import MeshModel

extension FirewallLoader {
    /// ufw with a configuration of its own. Where the guard refuses, what strangers begin is for ufw to refuse, by its
    /// default; where it only watches or is off, ufw is not to be the judge here.
    static let ufw = FirewallLoader(
        .ufw, "ufw",
        load: """
            test -e /etc/ufw/private || { mkdir -p "$TREE/ufw" && cp -a /etc/ufw/. "$TREE/ufw" \
            && touch "$TREE/ufw/private" \
            && if grep -q '^:HAUBERK-.*-END ' "$TREE/etc/hauberk/$IF/ufw.v4"; then P=DROP; else P=ACCEPT; fi && sed -e 's/^IPT_SYSCTL=.*/IPT_SYSCTL=/' \
            -e "s/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY=$P/" \
            -e 's/^DEFAULT_FORWARD_POLICY=.*/DEFAULT_FORWARD_POLICY=ACCEPT/' /etc/default/ufw >"$TREE/default" \
            && mount --bind "$TREE/ufw" /etc/ufw && mount --bind "$TREE/default" /etc/default/ufw \
            && ufw --force enable >/dev/null; } && sh "$TREE/etc/hauberk/$IF/firewall" load
            """,
        remove: """
            sh "$TREE/etc/hauberk/$IF/firewall" remove && ufw --force disable >/dev/null \
            && umount /etc/default/ufw && umount /etc/ufw
            """)
}
