# Everything that the thirty assertions need to know, with as few programs as a careful hand can manage.
LC_ALL=C; export LC_ALL
echo '@system'; uname -s
echo '@distribution'; cat /etc/os-release
echo '@hostname'; hostname
echo '@files'; stat -c '%n|%F|%a|%U|%G|%s|%N' /etc/passwd /etc/shadow /etc/ssh /etc/hosts /etc/os-release /run/nginx.pid /run/reboot-required 2>/dev/null
echo '@release'; readlink -f /etc/os-release
echo '@localhost'; grep -c localhost /etc/hosts
echo '@processes'; ps -A -o comm=,ppid=,user=
echo '@listening'; ss -H -lnt
echo '@packages'; dpkg-query -W -f '${Package} ${Status} ${Version}\n' openssh-server telnetd 2>/dev/null
echo '@users'; getent passwd root www-data nobody
echo '@groups'; getent group root
echo '@sysctl'; sysctl -n kernel.ostype net.ipv4.ip_default_ttl
echo '@network'; ip -o addr show dev eth0
echo '@mounts'; cat /proc/mounts
echo '@end'
