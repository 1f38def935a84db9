"""Nobody attacks: what the honest pair sees on this machine at this moment."""
import time

from scene import Attack, main


def nothing(attacking):
    attacking.begin()
    while attacking.going():
        time.sleep(0.1)


if __name__ == "__main__":
    main([Attack("nobody attacks", nothing)])
