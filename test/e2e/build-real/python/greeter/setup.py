from setuptools import setup

setup(name="greeter", version="2.1.0", packages=["greeter"])
