# The thirty assertions as serverspec writes them. One process per host, as serverspec's own Rakefile does it.
require "serverspec"
require "net/ssh"

set :backend, :ssh
set :host, ENV["TARGET_HOST"]
set :ssh_options, Net::SSH::Config.for(ENV["TARGET_HOST"], [ENV["BENCH_SSH_CONFIG"]])
set :disable_sudo, true
set :request_pty, false

describe "host" do
  it("system_is_linux") { expect(command("uname -s").stdout).to match(/Linux/) }
  it("distribution_is_debian_or_a_child") { expect(%w[debian ubuntu]).to include(os[:family]) }
  it("hostname_is_one_of_the_farm") { expect(command("hostname").stdout).to match(/\Ah/) }
  it("passwd_is_a_file") do
    expect(file("/etc/passwd")).to be_file
    expect(file("/etc/passwd")).not_to be_symlink
    expect(file("/etc/passwd").size).to be > 0
  end
  it("passwd_is_readable_by_all") { expect(file("/etc/passwd")).to be_mode 644 }
  it("passwd_belongs_to_root") do
    expect(file("/etc/passwd")).to be_owned_by "root"
    expect(file("/etc/passwd")).to be_grouped_into "root"
  end
  it("shadow_is_not_readable_by_all") { expect(file("/etc/shadow")).to be_mode 640 }
  it("shadow_belongs_to_its_group") do
    expect(file("/etc/shadow")).to be_owned_by "root"
    expect(file("/etc/shadow")).to be_grouped_into "shadow"
  end
  it("ssh_folder_exists") do
    expect(file("/etc/ssh")).to be_directory
    expect(file("/etc/ssh")).to be_owned_by "root"
    expect(file("/etc/ssh")).to be_mode 755
  end
  it("hosts_file_names_localhost") do
    expect(file("/etc/hosts")).to exist
    expect(file("/etc/hosts").content).to match(/localhost/)
  end
  it("web_server_runs") { expect(process("nginx")).to be_running }
  it("ssh_listens") do
    expect(port(22)).to be_listening.on("0.0.0.0").with("tcp")
    expect(port(22)).to be_listening.on("::").with("tcp6")
  end
  it("web_server_listens") { expect(port(80)).to be_listening.on("0.0.0.0").with("tcp") }
  it("ssh_server_is_installed") { expect(package("openssh-server")).to be_installed }
  it("ssh_server_has_a_version") { expect(command("dpkg-query -W -f '${Version}' openssh-server").stdout).to match(/\A1:/) }
  it("telnet_server_is_not_installed") { expect(package("telnetd")).not_to be_installed }
  it("root_is_user_zero") { expect(user("root")).to have_uid 0 }
  it("root_has_its_home_and_shell") do
    expect(user("root")).to have_home_directory "/root"
    expect(user("root")).to have_login_shell "/bin/bash"
  end
  it("web_user_may_not_log_in") do
    expect(user("www-data")).to have_login_shell "/usr/sbin/nologin"
    expect(user("www-data")).to have_home_directory "/var/www"
  end
  it("nobody_exists") do
    expect(user("nobody")).to exist
    expect(user("nobody")).to have_uid 65_534
  end
  it("root_group_is_zero") do
    expect(group("root")).to exist
    expect(group("root")).to have_gid 0
  end
  it("web_server_wrote_its_process_id") { expect(file("/run/nginx.pid")).to exist }
  it("kernel_is_linux") { expect(command("sysctl -n kernel.ostype").stdout.strip).to eq "Linux" }
  it("packets_live_long_enough") { expect(linux_kernel_parameter("net.ipv4.ip_default_ttl").value).to eq 64 }
  it("network_device_exists") { expect(interface("eth0")).to exist }
  it("network_device_has_an_address") { expect(command("ip -o addr show dev eth0").stdout).to match(/ 10\.77\./) }
  it("run_is_in_memory") { expect(file("/run")).to be_mounted.with(type: "tmpfs") }
  it("no_reboot_is_due") { expect(file("/run/reboot-required")).not_to exist }
  it("web_master_runs_as_root") { expect(command("ps -A -o comm=,ppid=,user=").stdout).to match(/nginx +1 root/) }
  it("os_release_is_the_distributions_own") do
    expect(file("/etc/os-release")).to be_symlink
    expect(command("readlink -f /etc/os-release").stdout.strip).to eq "/usr/lib/os-release"
  end
end
